"""The dashboards as code. Users get their JSON, in the chart: nothing here is imported by what runs in a cluster."""
