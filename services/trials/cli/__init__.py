"""Commands of the trials service on the command line, a module a group."""
