"""What a jurisdiction is made of, as declarations: read and checked in one place, `load`."""
