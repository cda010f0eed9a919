"""Running the platform on one machine: Airflow's components, their secrets and pools, and the demonstration."""
