/* The aggregate function pack(memory, size, id, at, channel, publisher, body) writes the rows of a query
   into memory of its caller, so that reading a thousand events is one call from Go and not a thousand. It
   leaves out what does not fit. Its value is 2 × the bytes written, + 1 if rows were left out. pack.go
   reads them. */
#include <stdint.h>
#include <string.h>

/* What is used of SQLite's interface (sqlite.org/c3ref/funclist.html). SQLite itself comes with go-sqlite3.
   The names are weak because cgo also links this file alone, to look at what is in it. */
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_context sqlite3_context;
typedef struct sqlite3_value sqlite3_value;
typedef void (*function)(sqlite3_context *, int, sqlite3_value **);
typedef void (*finisher)(sqlite3_context *);

#define SQLITE __attribute__((weak)) extern
SQLITE int sqlite3_auto_extension(void (*)(void));
SQLITE int sqlite3_create_function_v2(sqlite3 *, const char *, int, int, void *, function, function, finisher, void (*)(void *));
SQLITE void *sqlite3_aggregate_context(sqlite3_context *, int);
SQLITE int64_t sqlite3_value_int64(sqlite3_value *);
SQLITE const unsigned char *sqlite3_value_text(sqlite3_value *);
SQLITE int sqlite3_value_bytes(sqlite3_value *);
SQLITE void sqlite3_result_int64(sqlite3_context *, int64_t);
SQLITE void sqlite3_result_error_nomem(sqlite3_context *);

enum { FLAGS = 1 | 0x80000 };               /* SQLITE_UTF8, SQLITE_DIRECTONLY: no schema may call it */
enum { MEMORY, SIZE, NUMBERS, BODY = 6 };   /* arguments; four numbers */
enum { HEAD = 8 * (BODY - NUMBERS + 1) };   /* bytes before the body of a row */

struct packed {
	int64_t used, left_out;
};

static void step(sqlite3_context *context, int n, sqlite3_value **values) {
	struct packed *p = sqlite3_aggregate_context(context, sizeof *p);
	const unsigned char *body = sqlite3_value_text(values[BODY]);
	if (!p || !body) {
		sqlite3_result_error_nomem(context);
		return;
	}
	int64_t size = sqlite3_value_bytes(values[BODY]);
	if (p->left_out || p->used + HEAD + size > sqlite3_value_int64(values[SIZE])) {
		p->left_out = 1;
		return;
	}
	char *row = (char *)(intptr_t)sqlite3_value_int64(values[MEMORY]) + p->used;
	for (int i = NUMBERS; i < BODY; i++, row += 8) {
		int64_t number = sqlite3_value_int64(values[i]);
		memcpy(row, &number, 8);
	}
	memcpy(row, &size, 8);
	memcpy(row + 8, body, size);
	p->used += HEAD + size;
}

static void finish(sqlite3_context *context) {
	struct packed *p = sqlite3_aggregate_context(context, 0);
	sqlite3_result_int64(context, p ? 2 * p->used + p->left_out : 0);
}

static int connect(sqlite3 *db, char **problem, const void *interface) {
	return sqlite3_create_function_v2(db, "pack", BODY + 1, FLAGS, 0, 0, step, finish, 0);
}

/* ircbus_pack gives every connection that is opened from now on the function. */
int ircbus_pack(void) { return sqlite3_auto_extension((void (*)(void))connect); }
