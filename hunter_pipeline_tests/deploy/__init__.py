"""Files that deploy it: compose, the image, Kubernetes."""
