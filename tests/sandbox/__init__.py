"""Launch Library 2 stand-in: a small Django REST framework site that tests can break on purpose."""
