"""The commands of the command line, by what they are for. They read arguments, call, and print."""
