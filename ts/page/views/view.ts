// What every kind of moving picture is to the player and to the page: something that draws a moment, and something that draws the end beside the data.
// One file for each kind, and a line in views/index.ts.

/** A picture whose moments can be drawn. */
export interface Moving {
  /** The picture, to be put on the page. */
  readonly element: HTMLElement;
  /** Draws a moment: 0 is the first frame, 2.5 lies between the third and the fourth. */
  draw(moment: number): void;
}

/** Pictures that do not move: samples, and data if there are any. */
export interface Comparison {
  /** The pictures, each with its caption. */
  readonly elements: readonly HTMLElement[];
  /** Draws them. */
  draw(): void;
}

/** A kind of view. */
export interface Kind<View> {
  /** The moving picture. */
  moving(view: View): Moving;
  /** The samples beside the data. */
  comparison(view: View): Comparison;
}
