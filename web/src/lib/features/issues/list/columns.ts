/**
 * The columns of the list, shared by its head and its rows: two lines on a phone, a table from `md` on. Tags take what
 * they need, but never so much that little is left for the title.
 * Written out, because Tailwind reads class names from the source.
 */
export const columns =
	'grid items-center gap-x-2 px-3 ' +
	'@max-table:grid-cols-[1.5rem_auto_minmax(0,1fr)_auto_auto_auto] @max-table:grid-rows-2 @max-table:content-center ' +
	"@max-table:[grid-template-areas:'status_title_title_title_title_age'_'._id_tags_tags_severity_assignee'] " +
	'@table:grid-cols-[1.5rem_3rem_1.5rem_minmax(0,1fr)_fit-content(25%)_1.75rem_1.75rem_2.5rem] ' +
	"@table:[grid-template-areas:'select_id_status_title_tags_severity_assignee_age'] " +
	'@roomy:grid-cols-[1.5rem_3rem_1.5rem_minmax(0,1fr)_fit-content(25%)_1.75rem_1.75rem_3.5rem_3.5rem] ' +
	"@roomy:[grid-template-areas:'select_id_status_title_tags_severity_assignee_updated_age'] " +
	'@broad:grid-cols-[1.5rem_3.5rem_1.5rem_minmax(0,1fr)_fit-content(30%)_5.5rem_9rem_4rem_4rem]';
