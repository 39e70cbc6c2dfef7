"""The language, told to whoever calls the API."""

QUERY_HELP = """What to look for: words in any of their forms (`fail` finds "failing"), beginnings like `log*`, "exact
phrases" taken literally but for case, all of them anywhere in title, description, comments, tags or names of files, while
words that stand everywhere, like `the`, are left out; and fields, which all have to be met:

* `is:open` `is:closed` `status:open,triaged` (or `status:open status:triaged`) `severity:>=high`
* `tag:ui` `-tag:wontfix` `tag:a,b` (any of them)
* `assignee:@me` `assignee:none` `assignee:7` `reporter:"Ann Lee"`
* `has:` or `no:` `assignee` `tag` `description` `comment` `attachment`
* `created:` `updated:` `closed:` with `2026-01-05`, `2026-01`, `>=2026-01-01`, `2026-01-05..2026-01-11`, `today`,
  `last-30d`, `<-7d` (d, w, m, y)
* `took:<4h` `took:>=2w` `took:1d..3d` (h, d, w): from filing to closing
* `was:done` `status was:done` `severity was:high` `assignee was:@me`: now or ever before
* `as-of:2026-03-01`: by status, severity, tags and assignee at the end of that day; with `Z`, of that day in UTC
* `#42`, `sort:-updated`

`OR`, `AND`, `NOT`, `-` and brackets put them together. Names of fields and values are compared without case. Quotes make
one value of several words; a quote inside of it is written twice. Anything else is a word to look for. What makes no sense
is refused with the `position` and what was expected there."""
