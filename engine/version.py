"""The version that results carry: raise it whenever the same request could give other bits."""

ENGINE_VERSION = "3"
