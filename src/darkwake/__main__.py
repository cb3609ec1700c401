from darkwake.cli import main

main()
