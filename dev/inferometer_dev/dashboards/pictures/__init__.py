"""Pictures of the dashboards without a Grafana: the same queries, grid and colours. For a developer's eye."""
