#ifndef PERIGEE_APP_STATUS_FILES_H
#define PERIGEE_APP_STATUS_FILES_H

/* The status page's files, app/status/, as text. The Makefile makes them C, so that a worker needs
 * no files to serve it. */

extern const char index_html[];
extern const char status_css[];
extern const char status_js[];
extern const char icon_svg[];

#endif
