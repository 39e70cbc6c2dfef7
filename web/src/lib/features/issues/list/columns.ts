/**
 * The columns of the list, shared by its head and its rows: two lines on a phone, a table from `md` on.
 * Written out, because Tailwind reads class names from the source.
 */
export const columns =
	'grid items-center gap-x-2 px-3 ' +
	'max-md:grid-cols-[1.5rem_auto_minmax(0,1fr)_auto_auto_auto] max-md:grid-rows-2 max-md:content-center ' +
	"max-md:[grid-template-areas:'status_title_title_title_title_age'_'._id_tags_tags_severity_assignee'] " +
	'md:grid-cols-[1.5rem_3rem_1.5rem_minmax(0,1fr)_auto_1.75rem_1.75rem_2.5rem] ' +
	"md:[grid-template-areas:'select_id_status_title_tags_severity_assignee_age'] " +
	'lg:grid-cols-[1.5rem_3rem_1.5rem_minmax(0,1fr)_auto_1.75rem_1.75rem_3.5rem_3.5rem] ' +
	"lg:[grid-template-areas:'select_id_status_title_tags_severity_assignee_updated_age'] " +
	'xl:grid-cols-[1.5rem_3.5rem_1.5rem_minmax(0,1fr)_auto_5.5rem_9rem_4rem_4rem]';
