"""What the terminal shows: tables, colours, progress."""
