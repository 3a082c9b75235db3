"""The monitoring app: what is published of deployed models, for leadership."""
