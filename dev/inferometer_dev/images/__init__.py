"""The cluster's images: each is a function that returns a built Image, and builds only what is missing."""
