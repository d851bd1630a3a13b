"""What the tests on real servers share: a pair of databases, the command line, what is left behind."""
