"""One small sample per registered format: fictional ships, three good records each, SIMULATED."""

from __future__ import annotations

import datetime as dt
import io

import pyarrow as pa

from darkwake.formats import get
from darkwake.formats.base import WriteOptions

CSV_HEADER = "mmsi,time,lon,lat,sog,cog,name"
CSV_ROWS = (
    "299000001,2019-02-01T06:00:00Z,124.5,38.1,9.5,270,SIM AURORA",
    '299000001,2019-02-01T06:05:00Z,124.4833,38.1,9.4,269.5,"SIM ""AURORA"""',
    '299000002,2019-02-01T06:06:00Z,-179.9,10.25,0.1,10,"SIM\nBOREAS, B"',
)

SAMPLES: dict[str, bytes] = {
    "nmea": b"1549000810,!AIVDM,1,1,,A,14M9Ph@P1O`qrW0Ek@p:S8ND0000,0*40\r\n"
    b"1549000871,!AIVDM,1,1,,A,14M9PhPP01k8Ns05oGL0I0HF0000,0*26\r\n"
    b"1549000932,!AIVDM,1,1,,A,14M9Ph@P1O`qrW0Ek@p:S8ND0000,0*40\r\n",
    "marinecadastre": b"MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,"
    b"Width,"
    b"Draft,Cargo,TransceiverClass\n"
    b"299000001,2019-02-01T06:00:00,38.1,124.5,9.5,270.0,271.0,SIM AURORA,IMO9999993,SIM01,70,0,120.0,20.0,7.5,70,A\n"
    b"299000002,2019-02-01T06:00:30,10.25,-179.9,0.1,360.0,511.0,SIM BOREAS,,SIM02,37,5,12,4,,,B\n"
    b"299000001,2019-02-01T06:01:00,38.1,124.4967,9.4,269.5,270.0,SIM AURORA,IMO9999993,SIM01,70,0,120,20,7.5,70,A\n",
    "dma": b"# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,"
    b"Callsign,Name,"
    b"Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,"
    b"Data source type,A,B,C,D\n"
    b"01/02/2019 06:00:00,Class A,299000001,38.1,124.5,Under way using engine,0.0,9.5,270.0,271,"
    b"9999993,SIM01,SIM AURORA,"
    b"Cargo,Category X,20,120,GPS,7.5,SIM PORT,,AIS,100,20,10,10\n"
    b"01/02/2019 06:00:10,Base Station,2990001,38.2,124.6,Unknown value,,,,,Unknown,,,Undefined,,,,GPS,,,,AIS,,,,\n"
    b"01/02/2019 06:00:20,Class B,299000002,10.25,-179.9,Unknown value,,0.1,10.0,,Unknown,SIM02,SIM BOREAS,Pleasure,,"
    b"4,12,Undefined,,,,AIS,,,,\n",
    "csv": "\n".join((CSV_HEADER, *CSV_ROWS, "")).encode(),
    "jsonl": b'{"mmsi": 299000001, "time": "2019-02-01T06:00:00Z", "x": {"y": 1}, "lon": 124.5, "lat": 38.1}\n'
    b'{"mmsi": 299000001, "time": "2019-02-01T06:05:00Z", "lon": 124.4833, "lat": 38.1, "sog": 9.4}\n'
    b'{"mmsi": 299000002, "time": "2019-02-01T06:06:00Z", "lon": -179.9, "lat": 10.25, "sog": null}\n',
    "geojson": b'{"type": "FeatureCollection", "note": ["features", {"a": "[}\\""}], "features": [\n'
    b'{"type": "Feature", "geometry": {"type": "Point", "coordinates": [124.5, 38.1]},'
    b' "properties": {"mmsi": 299000001, "time": "2019-02-01T06:00:00Z", "name": "SIM {AURORA\\"]"}},\n'
    b'{"type": "Feature", "geometry": {"type": "Point", "coordinates": [124.4833, 38.1, 0]},'
    b' "properties": {"mmsi": 299000001, "time": "2019-02-01T06:05:00Z"}},\n'
    b'{"type": "Feature", "geometry": {"type": "Point", "coordinates": [-179.9, 10.25]},'
    b' "properties": {"mmsi": 299000002, "time": "2019-02-01T06:06:00Z"}}\n]}\n',
}


def positions() -> pa.Table:
    """Four positions of two fictional ships; the second one crosses 180°."""
    when = dt.datetime(2019, 2, 1, 6, 0, tzinfo=dt.UTC)
    return pa.table(
        {
            "mmsi": pa.array([299000001, 299000001, 299000002, 299000002], pa.int32()),
            "time": pa.array([when + dt.timedelta(seconds=30.5 * n) for n in range(4)], pa.timestamp("us", "UTC")),
            "lon": pa.array([124.5, 124.4833, 179.5, -179.5]),
            "lat": pa.array([38.1, 38.1, 10.0, 11.0]),
            "sog_knots": pa.array([9.5, 9.4, None, 0.1], pa.float32()),
            "name": pa.array(["SIM <AURORA> & \x01", '"SIM", AURORA', None, "=SIM 北風"]),
        }
    )


def _geoparquet() -> bytes:
    out = io.BytesIO()
    writer = get("geoparquet").write
    assert writer is not None
    writer(positions().to_batches(), out, options=WriteOptions(simulated=True))
    return out.getvalue()


SAMPLES["geoparquet"] = _geoparquet()
