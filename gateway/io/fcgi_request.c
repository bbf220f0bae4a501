#include "io/fcgi_request.h"

#include <fastcgi.h>

struct record {
	unsigned int type;
	unsigned int id;
	struct str content;
};

static unsigned int two_bytes(const unsigned char *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* Takes a record off the front of *rest, padding included; false if not all of it is there. */
static bool take_record(struct str *rest, struct record *ret)
{
	const unsigned char *header = (const unsigned char *)rest->p;
	size_t length;
	size_t size;

	if (rest->n < FCGI_HEADER_LEN)
		return false;
	length = two_bytes(header + 4);
	size = FCGI_HEADER_LEN + length + header[6];
	if (rest->n < size)
		return false;
	ret->type = header[1];
	ret->id = two_bytes(header + 2);
	ret->content = str_slice(*rest, FCGI_HEADER_LEN, FCGI_HEADER_LEN + length);
	*rest = str_slice(*rest, size, rest->n);
	return true;
}

static bool is_of_version_1(struct str record)
{
	return record.p[0] == FCGI_VERSION_1;
}

bool fcgi_request_is_whole(struct str bytes)
{
	struct record r;

	while (bytes.n && is_of_version_1(bytes)) {
		if (!take_record(&bytes, &r))
			return false;
		/* The body's end is the request's. */
		if (r.type == FCGI_STDIN && !r.content.n)
			return true;
	}
	return bytes.n > 0;
}

/* Takes the next record, which has to be of this type. */
static bool take_expected(struct str *rest, unsigned int type, struct record *ret)
{
	return rest->n && is_of_version_1(*rest) && take_record(rest, ret) && ret->type == type;
}

/* What stands behind the parameters: an empty record. */
static bool take_empty(struct str *rest, unsigned int type, unsigned int id)
{
	struct record r;

	return take_expected(rest, type, &r) && r.id == id && !r.content.n;
}

/* One byte, or four of which the first has its highest bit set. */
static bool take_length(struct str *rest, size_t *ret)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t size = 1;

	if (!rest->n)
		return false;
	*ret = p[0];
	if (p[0] & 0x80) {
		size = 4;
		if (rest->n < size)
			return false;
		*ret = (size_t)(two_bytes(p) & 0x7fff) << 16 | two_bytes(p + 2);
	}
	*rest = str_slice(*rest, size, rest->n);
	return true;
}

bool fcgi_take_pair(struct str *params, struct str *ret_name, struct str *ret_value)
{
	struct str rest = *params;
	size_t name;
	size_t value;

	if (!take_length(&rest, &name) || !take_length(&rest, &value) || rest.n < name ||
	    rest.n - name < value)
		return false;
	*ret_name = str_slice(rest, 0, name);
	*ret_value = str_slice(rest, name, name + value);
	*params = str_slice(rest, name + value, rest.n);
	return true;
}

static bool are_pairs(struct str params)
{
	struct str name;
	struct str value;

	while (params.n)
		if (!fcgi_take_pair(&params, &name, &value))
			return false;
	return true;
}

/* Reads a beginning's content. */
static bool begins(struct str content, bool *ret_keep)
{
	const FCGI_BeginRequestBody *body = (const FCGI_BeginRequestBody *)content.p;

	if (content.n != sizeof(*body) || body->roleB1 || body->roleB0 != FCGI_RESPONDER)
		return false;
	*ret_keep = body->flags & FCGI_KEEP_CONN;
	return true;
}

bool fcgi_request_read(struct str bytes, struct fcgi_request *ret)
{
	struct record begin;
	struct record params;

	if (!take_expected(&bytes, FCGI_BEGIN_REQUEST, &begin) ||
	    !begins(begin.content, &ret->keep) || !take_expected(&bytes, FCGI_PARAMS, &params) ||
	    params.id != begin.id || !params.content.n ||
	    !take_empty(&bytes, FCGI_PARAMS, begin.id) ||
	    !take_empty(&bytes, FCGI_STDIN, begin.id) || bytes.n)
		return false;
	ret->id = begin.id;
	ret->params = params.content;
	return are_pairs(params.content);
}
