"""How lists are cut into pages. A module of its own because DRF's views load it while they load."""

from rest_framework.pagination import LimitOffsetPagination


class Pagination(LimitOffsetPagination):
    """10 unless asked, 100 at most; a limit or an offset that makes no sense is not an error."""

    default_limit = 10
    max_limit = 100


class NewsPagination(Pagination):
    max_limit = 500
