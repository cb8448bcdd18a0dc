"""The images of the development cluster: each is a function that returns a built Image, and builds only what is missing."""
