"""What the project needs around it: its toolchain, the box, the stand-ins for plugins, the demo."""
