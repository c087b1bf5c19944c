// What a site that uses Segment's own client has in its bundle.
export { AnalyticsBrowser } from "@segment/analytics-next";
