// The API requests of the history page, besides those of the dispatch page.

import { Api } from "../../../shared/api/api.js";
import { DispatchApi, withoutEmpty } from "../../state/dispatch_api.js";

const A_PAGE = 25;

export class HistoryApi extends DispatchApi {
  #api;

  constructor(api = new Api()) {
    super(api);
    this.#api = api;
  }

  /** One page of the jobs that fit: the whole answer. `after` is the `next` of the page before. */
  async search(question, after = null) {
    const asked = { scope: "all", limit: A_PAGE, ...withoutEmpty(question), ...(after && { after }) };
    return this.#api.get(`/jobs?${new URLSearchParams(asked)}`, { tries: 2 });
  }

  /** The customer of a job, with all their jobs. */
  async customer(job_id) {
    return (await this.#api.get(`/jobs/${encodeURIComponent(job_id)}/customer`)).body;
  }
}
