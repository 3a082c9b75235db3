"""The hub: configuration, authenticator, landing page."""
