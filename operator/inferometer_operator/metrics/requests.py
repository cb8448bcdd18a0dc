"""What a call of the API server is, in the words of its rights: verb and resource. Pure."""

VERBS = {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}


def call_of(method: str, path: str) -> tuple[str, str]:
    """The verb and the resource of a call, a subresource behind a slash: ("get", "pods/log")."""
    words = path.strip("/").split("/")
    # api/v1/… or apis/GROUP/VERSION/…, then namespaces/NAME for what is in one.
    words = words[2:] if words[0] == "api" else words[3:]
    if words[:1] == ["namespaces"] and len(words) > 2:
        words = words[2:]
    resource = "/".join([words[0], *words[2:]])
    return VERBS.get(method) or ("get" if len(words) > 1 else "list"), resource
