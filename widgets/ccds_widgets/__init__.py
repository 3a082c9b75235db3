"""Widget libraries, one package per stage."""
