/** How many uploads would be lost with the page; none, as long as nobody needed the code that uploads. */
export const unfinished = {
	/** Tells how many there are now. */
	count: (): number => 0
};
