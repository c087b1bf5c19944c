"""Lead scoring that a company owns: the library behind the functions, the command line and the tests."""
