/*
 * perigee's module for nginx: answers that workers have put on their shelves (gateway/base/shelf.h)
 * are given without asking a worker.
 *
 *     perigee_shelf FILE... | off;       http, server, location; default: off
 *
 * What the workers' [cache] shelf says, one file for each. A file need not be there yet; one that
 * is replaced is noticed when nobody vouches for the old one any more.
 *
 * A GET or HEAD is looked up before its location's own handler (fastcgi_pass) has its turn. What
 * could mean one thing here and another to a worker is left to a worker, and so is whatever is on
 * no shelf. An answer goes out as any of nginx' own: conditions, HEAD, HTTP/2, logs and add_header
 * are its business. The answer is copied before a byte of it is sent, so that a slow client holds
 * nothing.
 *
 * Nothing that lies in a file is trusted with more than being sent to a client.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/shelf_key.h"

/* How often it is tried to open a file that is not there, or that nobody vouches for. */
#define OPEN_AGAIN_MS 250

struct shelf_file {
	ngx_str_t path;		   /* NUL-terminated */
	struct shelf_block *block; /* mapped by this process; NULL: not yet */
	dev_t device;
	ino_t inode;
	ngx_msec_t open_at;
};

struct location {
	ngx_array_t *shelves; /* of struct shelf_file; NULL: off */
};

extern ngx_module_t ngx_http_perigee_module;

static struct str str_of(const ngx_str_t *s)
{
	return (struct str){ (const char *)s->data, s->len };
}

static ngx_str_t ngx_str_of(struct str s)
{
	return (ngx_str_t){ s.n, (u_char *)s.p };
}

/* ---- the files ---- */

/* NULL: it is none of ours, or not by this version. */
static struct shelf_block *map(int fd)
{
	struct shelf_block *block =
		mmap(NULL, sizeof(*block), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (block == MAP_FAILED)
		return NULL;
	if (shelf_is_valid(block))
		return block;
	munmap(block, sizeof(*block));
	return NULL;
}

static void open_file(struct shelf_file *f)
{
	int fd = open((const char *)f->path.data, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct shelf_block *block;
	struct stat found;

	if (fd < 0)
		return;
	if (fstat(fd, &found) == 0 && found.st_size == (off_t)sizeof(*block) &&
	    (!f->block || found.st_ino != f->inode || found.st_dev != f->device)) {
		block = map(fd);
		if (block && f->block)
			munmap(f->block, sizeof(*block));
		if (block) {
			f->block = block;
			f->inode = found.st_ino;
			f->device = found.st_dev;
		}
	}
	close(fd);
}

/* Is there anything to be taken from it? */
static bool is_open(struct shelf_file *f, struct mono now)
{
	if (f->block && shelf_look(f->block, now))
		return true;
	if ((ngx_msec_int_t)(ngx_current_msec - f->open_at) < 0)
		return false;
	f->open_at = ngx_current_msec + OPEN_AGAIN_MS;
	open_file(f);
	return f->block && shelf_look(f->block, now);
}

/* ---- the request ---- */

/* One tag, as RFC 9110 writes it: nginx reads lists, and what else there may be, more generously
 * than a worker does. */
static bool is_one_tag(struct str s)
{
	if (str_starts(s, STR("W/")))
		s = str_slice(s, 2, s.n);
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return false;
	for (size_t i = 1; i + 1 < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == ',' || (unsigned char)s.p[i] <= ' ')
			return false;
	return true;
}

/* The fields that an answer depends on. */
struct fields {
	struct str host;
	struct str forwarded_host;
	struct str accept_encoding;
	struct str if_none_match;
	struct str not_here; /* of those that a worker understands better */
};

static struct str *field_named(struct fields *fields, struct str name)
{
	const struct {
		struct str name;
		struct str *place;
	} names[] = {
		{ STR("host"), &fields->host },
		{ STR("accept-encoding"), &fields->accept_encoding },
		{ STR("if-none-match"), &fields->if_none_match },
		{ STR("x-forwarded-host"), &fields->forwarded_host },
		{ STR("if-match"), &fields->not_here },
		{ STR("if-modified-since"), &fields->not_here },
		{ STR("if-unmodified-since"), &fields->not_here },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(names[i].name, name))
			return names[i].place;
	return NULL;
}

/* False: it is for a worker. A field that comes twice is, too. */
static bool read_fields(ngx_http_request_t *r, struct fields *ret)
{
	*ret = (struct fields){ .host = { NULL, 0 } };
	for (ngx_list_part_t *part = &r->headers_in.headers.part; part; part = part->next) {
		ngx_table_elt_t *lines = part->elts;

		for (ngx_uint_t i = 0; i < part->nelts; i++) {
			struct str name = { (const char *)lines[i].lowcase_key, lines[i].key.len };
			struct str *field = field_named(ret, name);

			if (!field)
				continue;
			if (field->p)
				return false;
			*field = str_of(&lines[i].value);
		}
	}
	return !ret->not_here.p && (!ret->if_none_match.p || is_one_tag(ret->if_none_match));
}

/* How much of one may be sent is for the location's own handler to say. */
static bool has_body(const ngx_http_request_t *r)
{
	return r->headers_in.content_length_n > 0 || r->headers_in.chunked;
}

/* Empty: it is for a worker. */
static struct str key_of(ngx_http_request_t *r, char text[static SHELF_KEY_BYTES])
{
	struct fields f;

	if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) || has_body(r) || r->internal ||
	    r != r->main || !read_fields(r, &f))
		return STR("");
	return shelf_key(text, str_of(&r->unparsed_uri), f.host, f.forwarded_host,
			 f.accept_encoding);
}

/* ---- the answer ---- */

/* What the marks in a head stand for. */
struct seconds {
	int64_t age;
	int64_t ttl;
};

/* False: it is too near its end. */
static bool seconds_of(const struct shelf_item *item, struct seconds *ret)
{
	int64_t age = ngx_time() - item->fetched_s;

	ret->age = age > 0 ? age : 0;
	ret->ttl = item->max_age_s - ret->age;
	return ret->ttl > 1;
}

/* The value with the number in the place of its mark, if it has one; p is NULL without memory. */
static struct str filled_in(ngx_pool_t *pool, struct str value, const struct seconds *s)
{
	size_t at = 0;
	int64_t number;
	u_char *filled;
	u_char *end;

	while (at < value.n && (value.p[at] < SHELF_AGE || value.p[at] > SHELF_TTL_LESS))
		at++;
	if (at == value.n)
		return value;
	number = value.p[at] == SHELF_AGE ? s->age : s->ttl - (value.p[at] == SHELF_TTL_LESS);
	filled = ngx_pnalloc(pool, value.n + NGX_INT64_LEN);
	if (!filled)
		return (struct str){ NULL, 0 };
	end = ngx_cpymem(filled, value.p, at);
	end = ngx_sprintf(end, "%L", number);
	end = ngx_cpymem(end, value.p + at + 1, value.n - at - 1);
	return (struct str){ (const char *)filled, (size_t)(end - filled) };
}

static ngx_int_t put_field(ngx_http_request_t *r, struct str name, struct str value)
{
	ngx_http_headers_out_t *out = &r->headers_out;
	ngx_table_elt_t *line;

	/* nginx writes these itself. */
	if (str_eq(name, STR("Content-Length")))
		return NGX_OK;
	if (str_eq(name, STR("Content-Type"))) {
		out->content_type = ngx_str_of(value);
		out->content_type_len = value.n;
		return NGX_OK;
	}
	line = ngx_list_push(&out->headers);
	if (!line)
		return NGX_ERROR;
	*line = (ngx_table_elt_t){ .hash = 1, .key = ngx_str_of(name), .value = ngx_str_of(value) };
	/* What its filters go by. */
	if (str_eq(name, STR("ETag")))
		out->etag = line;
	if (str_eq(name, STR("Content-Encoding")))
		out->content_encoding = line;
	return NGX_OK;
}

static ngx_int_t put_head(ngx_http_request_t *r, struct str head, const struct seconds *s)
{
	while (head.n) {
		struct str line = str_trim(str_cut(&head, '\n'));
		struct str name = str_cut(&line, ':');
		struct str value = filled_in(r->pool, str_trim(line), s);

		if (name.n && (!value.p || put_field(r, name, value) != NGX_OK))
			return NGX_ERROR;
	}
	return NGX_OK;
}

static ngx_int_t send_body(ngx_http_request_t *r, struct str body)
{
	ngx_buf_t *buf = ngx_calloc_buf(r->pool);
	ngx_chain_t out = { .buf = buf };

	if (!buf)
		return NGX_ERROR;
	buf->pos = (u_char *)body.p;
	buf->last = buf->pos + body.n;
	buf->memory = body.n > 0;
	buf->last_buf = 1;
	buf->last_in_chain = 1;
	return ngx_http_output_filter(r, &out);
}

/* NGX_DECLINED: it was overwritten in this moment. */
static ngx_int_t give(ngx_http_request_t *r, struct shelf_block *block,
		      const struct shelf_item *item)
{
	char *copy = ngx_pnalloc(r->pool, item->head.n + item->body.n);
	struct seconds seconds;
	ngx_int_t rc;

	if (!copy)
		return NGX_ERROR;
	if (!seconds_of(item, &seconds) || !shelf_copy(block, item, copy))
		return NGX_DECLINED;
	rc = ngx_http_discard_request_body(r);
	if (rc != NGX_OK)
		return rc;
	shelf_count(block, item);
	r->headers_out.status = NGX_HTTP_OK;
	r->headers_out.content_length_n = (off_t)item->body.n;
	if (put_head(r, (struct str){ copy, item->head.n }, &seconds) != NGX_OK)
		return NGX_ERROR;
	rc = ngx_http_send_header(r);
	if (rc == NGX_ERROR || rc > NGX_OK || r->header_only)
		return rc;
	return send_body(r, (struct str){ copy + item->head.n, item->body.n });
}

/* Before the location's own handler: NGX_DECLINED leaves the request to that. */
static ngx_int_t look_at(ngx_http_request_t *r)
{
	const struct location *l = ngx_http_get_module_loc_conf(r, ngx_http_perigee_module);
	const struct mono now = { (int64_t)ngx_current_msec };
	const ngx_time_t *time = ngx_timeofday();
	const struct wall today = { (int64_t)time->sec * 1000 + (int64_t)time->msec };
	char text[SHELF_KEY_BYTES];
	struct shelf_file *files;
	struct shelf_item item;
	struct str key;

	if (!l->shelves)
		return NGX_DECLINED;
	key = key_of(r, text);
	files = l->shelves->elts;
	for (ngx_uint_t i = 0; key.n && i < l->shelves->nelts; i++) {
		ngx_int_t rc;

		if (!is_open(&files[i], now) || !shelf_find(files[i].block, key, today, &item))
			continue;
		rc = give(r, files[i].block, &item);
		if (rc == NGX_DECLINED)
			continue;
		ngx_http_finalize_request(r, rc);
		return NGX_DONE;
	}
	return NGX_DECLINED;
}

/* ---- configuration ---- */

/* perigee_shelf FILE... | off; */
static char *set_shelves(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	struct location *l = conf;
	ngx_str_t *words = cf->args->elts;
	ngx_uint_t n = cf->args->nelts - 1;
	struct shelf_file *file;

	(void)cmd;
	if (l->shelves != NGX_CONF_UNSET_PTR)
		return "is duplicate";
	l->shelves = NULL;
	if (ngx_strcmp(words[1].data, "off") == 0)
		return n == 1 ? NGX_CONF_OK : "is off, or names files";
	l->shelves = ngx_array_create(cf->pool, n, sizeof(*file));
	if (!l->shelves)
		return NGX_CONF_ERROR;
	for (ngx_uint_t i = 1; i <= n; i++) {
		file = ngx_array_push(l->shelves);
		*file = (struct shelf_file){ .path = words[i] };
		if (ngx_conf_full_name(cf->cycle, &file->path, 0) != NGX_OK)
			return NGX_CONF_ERROR;
	}
	return NGX_CONF_OK;
}

static void *create_location(ngx_conf_t *cf)
{
	struct location *l = ngx_pcalloc(cf->pool, sizeof(*l));

	if (l)
		l->shelves = NGX_CONF_UNSET_PTR;
	return l;
}

static char *merge_location(ngx_conf_t *cf, void *parent, void *child)
{
	const struct location *outer = parent;
	struct location *inner = child;

	(void)cf;
	ngx_conf_merge_ptr_value(inner->shelves, outer->shelves, NULL);
	return NGX_CONF_OK;
}

static ngx_int_t enter_phase(ngx_conf_t *cf)
{
	ngx_http_core_main_conf_t *core =
		ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
	ngx_http_handler_pt *handler;

	handler = ngx_array_push(&core->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
	if (!handler)
		return NGX_ERROR;
	*handler = look_at;
	return NGX_OK;
}

static ngx_command_t commands[] = {
	{ .name = ngx_string("perigee_shelf"),
	  .type = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_1MORE,
	  .set = set_shelves,
	  .conf = NGX_HTTP_LOC_CONF_OFFSET },
	ngx_null_command,
};

static ngx_http_module_t http = {
	.postconfiguration = enter_phase,
	.create_loc_conf = create_location,
	.merge_loc_conf = merge_location,
};

ngx_module_t ngx_http_perigee_module = {
	NGX_MODULE_V1,
	.ctx = &http,
	.commands = commands,
	.type = NGX_HTTP_MODULE,
};
