"""The embedded cluster: a control plane and N nodes, each a tree of processes in namespaces of its own.

`up`, `down` and `status` in lifecycle are the whole of it; entering is `in_cluster` in access.
"""
