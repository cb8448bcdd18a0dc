"""What operator, coordinator and workers say to each other: messages and signatures, without any I/O."""
