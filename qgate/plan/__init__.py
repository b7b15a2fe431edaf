"""`qgate plan`: what each gate can decide with the sizes that the charter declares, before any model runs."""
