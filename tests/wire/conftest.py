"""Where this file lies, the tests of every wire find what they share: ``both_directions``."""
