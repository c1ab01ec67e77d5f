"""The same work done by other libraries, each as its own users would ask for it."""
