/** How a quantity looks wherever it is drawn: by a colour and by a texture, so that neither is needed alone. */
export interface Series {
	key: string;
	label: string;
	/** A CSS colour, best a token, so that it follows the theme. */
	color: string;
	texture?: Texture;
}

export type Texture = 'solid' | 'stripes' | 'dots';

export interface LegendItem extends Series {
	/** What the legend says beside the name. */
	value: string;
	/** Where exactly these issues are. */
	href?: string | null;
}

export interface Bar extends Series {
	value: number;
	href?: string | null;
}
