"""The reviewed way out of a project: a result is submitted, scanned, reviewed by two other people, and released or refused."""
