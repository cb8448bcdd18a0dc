"""One file a verb, each with `add_parser` and `execute`; what they import at the top must be quick to import."""
