"""`python -m provisioner`."""

from provisioner.entry import main

if __name__ == "__main__":  # a worker process imports this module as "__mp_main__"
    main()
