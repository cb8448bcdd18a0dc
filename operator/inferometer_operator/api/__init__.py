"""The custom resources, and the only source of the CRDs."""
