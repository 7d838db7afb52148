/** An event of XMLHttpRequest, which Node has none of: how much has come or gone, and of how much, 0 where that is unknown. */
export class ProgressEvent extends Event {
  readonly loaded: number;
  readonly total: number;
  readonly lengthComputable: boolean;

  constructor(type: string, loaded = 0, total = 0) {
    super(type);
    this.loaded = loaded;
    this.total = total;
    this.lengthComputable = total > 0;
  }
}
