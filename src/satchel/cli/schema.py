"""`satchel schema`."""


def schema() -> None:
    """Print the config's JSON schema, for editors."""
    import json

    from satchel.config.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
