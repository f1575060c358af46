"""What a person touches: the command line. Thin: parse, call a verb, show. Owns Typer and Rich."""
