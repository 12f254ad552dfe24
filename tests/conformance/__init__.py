"""How the plugins behave, through the real engine: the same for the real ones and the stand-ins."""
