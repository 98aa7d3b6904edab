"""Which organization's rows a unit of work may see, and the few things found before that is known."""
