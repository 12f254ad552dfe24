"""Settings and rendering, by tables of input and properties: no network, no Docker, milliseconds."""
