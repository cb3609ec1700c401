"""Writers. Each takes an iterable of Arrow batches with lon and lat and holds no more than a batch and one line."""
