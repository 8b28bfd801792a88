(** * The lemma for a symmetric B

    The dominant part of a symmetric B consists of one eigenspace, whose multiplier mu has modulus rho, or of two, with
    the multipliers rho and -rho. One eigenspace: the direction has a limit (mu > 0) or alternates (mu < 0).
    Two: even and odd steps have two different limits. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Sequences Vectors Amplitude.
Open Scope R_scope.

Lemma same_by_dots n u v : (forall w, dot n w u = dot n w v) -> same n u v.
Proof.
  intros H i Hi.
  assert (E : same n (difference u v) zero).
  { apply dot_self_zero. rewrite dot_difference_r. rewrite (H (difference u v)). ring. }
  specialize (E i Hi). unfold difference, zero in E. lra.
Qed.

(** An eigenspace of a symmetric matrix: B Pi = mu Pi implies Pi B = mu Pi. *)
Lemma projector_after_B n B Pi mu :
  symmetric n B -> projector n Pi -> (forall u, same n (apply n B (apply n Pi u)) (scale mu (apply n Pi u))) ->
  forall u, same n (apply n Pi (apply n B u)) (scale mu (apply n Pi u)).
Proof.
  intros HB HP H u. apply same_by_dots. intros w.
  rewrite <- (projector_symmetric n Pi HP), <- (symmetric_form n B HB).
  rewrite (dot_same n _ _ u u (H w)) by (intros i _; reflexivity).
  rewrite dot_scale_l, dot_scale_r, (projector_symmetric n Pi HP). reflexivity.
Qed.

(** The projector onto the line of a unit vector. *)
Lemma line_projector n v : dot n v v = 1 -> projector n (outer v v).
Proof.
  intros Hv. split.
  - intros u w.
    rewrite (dot_same n _ (scale (dot n v u) v) w w); [|intros i _; rewrite apply_outer; unfold scale; ring|intros i _; reflexivity].
    rewrite (dot_same n u u (apply n (outer v v) w) (scale (dot n v w) v)); [|intros i _; reflexivity|intros i _; rewrite apply_outer; unfold scale; ring].
    rewrite dot_scale_l, dot_scale_r, (dot_commutes n u v). ring.
  - intros u i _. rewrite apply_outer.
    rewrite (dot_same n v v (apply n (outer v v) u) (scale (dot n v u) v)); [|intros j _; reflexivity|intros j _; rewrite apply_outer; unfold scale; ring].
    rewrite dot_scale_r, Hv, apply_outer. ring.
Qed.

(** ** One eigenspace *)
Section OneEigenspace.
Variables (n : nat) (B Pi : matrix) (mu b C r : R) (s g : nat -> vector).
Let rho := Rabs mu.

Hypothesis B_symmetric : symmetric n B.
Hypothesis Pi_projector : projector n Pi.
Hypothesis eigenspace : forall u, same n (apply n B (apply n Pi u)) (scale mu (apply n Pi u)).
Hypothesis B_across : forall z, same n (apply n Pi z) zero -> norm n (apply n B z) <= b * norm n z.
Hypothesis rho_positive : 0 < rho.
Hypothesis b_dominated : 0 <= b < rho.
Hypothesis C_nonnegative : 0 <= C.
Hypothesis sigma_below_one : sigma_of rho C r < 1.
Hypothesis x_at_most_one : x_of rho C r <= 1.
Hypothesis starts_within : norm n (s 0%nat) <= r.
Hypothesis step : forall k, same n (s (S k)) (combination 1 (apply n B (s k)) 1 (g k)).
Hypothesis forcing : forall k, norm n (s k) <= r -> norm n (g k) <= C * norm n (s k) ^ 2.

Let sign_of_mu := mu / rho.

Lemma sign_of_mu_squared : sign_of_mu * sign_of_mu = 1.
Proof.
  unfold sign_of_mu. assert (E : mu * mu = rho * rho) by (unfold rho; rewrite <- Rabs_mult, Rabs_pos_eq; [ring|apply Rle_0_sqr]).
  replace (mu / rho * (mu / rho)) with (mu * mu / (rho * rho)) by (field; lra). rewrite E. field. lra.
Qed.

Lemma sign_of_mu_modulus : Rabs sign_of_mu = 1.
Proof.
  unfold sign_of_mu, Rdiv. rewrite Rabs_mult, Rabs_inv. fold rho.
  rewrite (Rabs_pos_eq rho) by lra. field. lra.
Qed.

Let J : matrix := fun i => scale sign_of_mu (Pi i).

Lemma apply_J u i : apply n J u i = sign_of_mu * apply n Pi u i.
Proof. apply dot_scale_l. Qed.

Lemma apply_J_same u : same n (apply n J u) (scale sign_of_mu (apply n Pi u)).
Proof. intros i _. apply apply_J. Qed.

Lemma eigenspace_commutes u : same n (apply n Pi (apply n B u)) (apply n B (apply n Pi u)).
Proof.
  eapply same_trans; [apply (projector_after_B n B Pi mu); auto|]. apply same_sym, eigenspace.
Qed.

Lemma eigenspace_isometry u : norm n (apply n B (apply n Pi u)) = rho * norm n (apply n Pi u).
Proof. rewrite (norm_same n _ _ (eigenspace u)), norm_scale. reflexivity. Qed.

Lemma J_within_E u : same n (apply n Pi (apply n J u)) (apply n J u).
Proof.
  intros i Hi. rewrite (apply_same n Pi _ _ (apply_J_same u)), apply_scale, apply_J.
  rewrite (projector_idempotent n Pi Pi_projector u i Hi). reflexivity.
Qed.

Lemma J_is_shrinking u : norm n (apply n J u) <= norm n u.
Proof.
  rewrite (norm_same n _ _ (apply_J_same u)), norm_scale, sign_of_mu_modulus, Rmult_1_l.
  apply projector_shrinks, Pi_projector.
Qed.

Lemma mu_times_sign : sign_of_mu * mu = rho.
Proof.
  assert (E : mu = sign_of_mu * rho) by (unfold sign_of_mu; field; lra).
  rewrite E at 1. rewrite <- Rmult_assoc, sign_of_mu_squared. ring.
Qed.

Lemma J_then u : same n (apply n J (apply n B (apply n Pi u))) (scale rho (apply n Pi u)).
Proof.
  intros i Hi. rewrite apply_J, (apply_same n Pi _ _ (eigenspace u)), apply_scale.
  rewrite (projector_idempotent n Pi Pi_projector u i Hi), <- Rmult_assoc, mu_times_sign. reflexivity.
Qed.

Lemma then_J u : same n (apply n B (apply n J u)) (scale rho (apply n Pi u)).
Proof.
  intros i Hi. rewrite (apply_same n B _ _ (apply_J_same u)), apply_scale, (eigenspace u i Hi).
  unfold scale. rewrite <- Rmult_assoc, mu_times_sign. reflexivity.
Qed.

Lemma eigen_power zeta k : same n (apply n Pi zeta) zeta -> same n (power n B k zeta) (scale (mu ^ k) zeta).
Proof.
  intros H. induction k as [|k IH]; simpl.
  - intros i _. unfold scale. ring.
  - intros i Hi. rewrite (apply_same n B _ _ IH), apply_scale.
    rewrite (apply_same n B _ _ (same_sym _ _ _ H)), (eigenspace zeta i Hi). unfold scale.
    rewrite (H i Hi). ring.
Qed.

Lemma direction_of_multiple u a : 0 < norm n u -> a <> 0 ->
  same n (direction n (scale a u)) (scale (a / Rabs a) (direction n u)).
Proof.
  intros Hu Ha i _. unfold direction. rewrite norm_scale. unfold scale.
  assert (Rabs a <> 0) by (apply Rabs_no_R0, Ha). field. lra.
Qed.

Theorem eigenspace_direction : tail rho C r < norm n (apply n Pi (s 0%nat)) -> exists zeta D,
  same n (apply n Pi zeta) zeta /\ norm n (difference zeta (apply n Pi (s 0%nat))) <= tail rho C r /\
  0 < norm n zeta /\
  (forall k, norm n (difference (direction n (s k)) (scale (sign_of_mu ^ k) (direction n zeta)))
             <= D * ((1 + INR k) * rate rho b ^ k)) /\
  (exists k0, forall k, (k0 <= k)%nat -> 0 < norm n (s k)).
Proof.
  intros Ht.
  destruct (direction_settled n B Pi J rho b C r s g) as (zeta & Within & Near & Positive & Rate & Eventually);
    auto using eigenspace_commutes, eigenspace_isometry, J_within_E, J_is_shrinking, J_then, then_J.
  exists zeta. eexists. split; [exact Within|]. split; [exact Near|]. split; [exact Positive|].
  split; [|exact Eventually].
  intros k. eapply Rle_trans; [|apply Rate]. right.
  apply norm_same. intros i Hi. unfold difference. f_equal.
  assert (Hmu : mu <> 0) by (intros Z; unfold rho in rho_positive; rewrite Z, Rabs_R0 in rho_positive; lra).
  assert (Hmuk : mu ^ k <> 0) by (apply pow_nonzero, Hmu).
  assert (E : same n (direction n (power n B k zeta)) (direction n (scale (mu ^ k) zeta))).
  { intros j Hj. unfold direction, scale.
    rewrite (norm_same n _ _ (eigen_power zeta k Within)), (eigen_power zeta k Within j Hj). reflexivity. }
  rewrite (E i Hi), (direction_of_multiple zeta (mu ^ k) Positive Hmuk i Hi).
  unfold scale. f_equal. unfold sign_of_mu, Rdiv.
  rewrite Rpow_mult_distr, pow_inv. unfold rho. rewrite RPow_abs. reflexivity.
Qed.

Lemma symmetric_to_zero : is_lim_seq (fun k => norm n (s k)) 0.
Proof.
  apply (sequence_to_zero n B Pi rho b C r s g);
    auto using eigenspace_commutes, eigenspace_isometry.
Qed.
End OneEigenspace.

(** ** One line: the limit is plus or minus the eigenvector, with the sign of the amplitude *)
Section OneLine.
Variables (n : nat) (B : matrix) (v : vector) (mu b C r : R) (s g : nat -> vector).
Let rho := Rabs mu.
Hypothesis B_symmetric : symmetric n B.
Hypothesis unit_vector : dot n v v = 1.
Hypothesis eigenvector : same n (apply n B v) (scale mu v).
Hypothesis B_across : forall z, dot n v z = 0 -> norm n (apply n B z) <= b * norm n z.
Hypothesis rho_positive : 0 < rho.
Hypothesis b_dominated : 0 <= b < rho.
Hypothesis C_nonnegative : 0 <= C.
Hypothesis sigma_below_one : sigma_of rho C r < 1.
Hypothesis x_at_most_one : x_of rho C r <= 1.
Hypothesis starts_within : norm n (s 0%nat) <= r.
Hypothesis step : forall k, same n (s (S k)) (combination 1 (apply n B (s k)) 1 (g k)).
Hypothesis forcing : forall k, norm n (s k) <= r -> norm n (g k) <= C * norm n (s k) ^ 2.

Lemma apply_line u : same n (apply n (outer v v) u) (scale (dot n v u) v).
Proof. intros i _. rewrite apply_outer. unfold scale. ring. Qed.

Lemma line_eigenspace u : same n (apply n B (apply n (outer v v) u)) (scale mu (apply n (outer v v) u)).
Proof.
  intros i Hi. rewrite (apply_same n B _ _ (apply_line u)), apply_scale, (eigenvector i Hi).
  unfold scale. rewrite apply_outer. ring.
Qed.

Lemma line_across z : same n (apply n (outer v v) z) zero -> norm n (apply n B z) <= b * norm n z.
Proof.
  intros H. apply B_across.
  assert (E : dot n v (apply n (outer v v) z) = dot n v z).
  { rewrite (dot_same n v v _ _ (fun i _ => eq_refl) (apply_line z)), dot_scale_r, unit_vector. ring. }
  rewrite <- E, dot_commutes. apply dot_zero_l. exact H.
Qed.

Lemma norm_unit : norm n v = 1.
Proof. unfold norm. rewrite unit_vector. apply sqrt_1. Qed.

Theorem line_direction : tail rho C r < Rabs (dot n v (s 0%nat)) ->
  (exists D, forall k,
     norm n (difference (direction n (s k)) (scale ((mu / rho) ^ k * sign (dot n v (s 0%nat))) v))
     <= D * ((1 + INR k) * rate rho b ^ k)) /\
  (exists k0, forall k, (k0 <= k)%nat -> 0 < norm n (s k)) /\
  is_lim_seq (fun k => norm n (s k)) 0.
Proof.
  intros Ht.
  assert (Projected : norm n (apply n (outer v v) (s 0%nat)) = Rabs (dot n v (s 0%nat))).
  { rewrite (norm_same n _ _ (apply_line _)), norm_scale, norm_unit. ring. }
  destruct (eigenspace_direction n B (outer v v) mu b C r s g) as (zeta & D & Within & Near & Positive & Rate & Eventually);
    auto using line_projector, line_eigenspace, line_across.
  { fold rho. rewrite Projected. exact Ht. }
  split; [|split; [exact Eventually|apply (symmetric_to_zero n B (outer v v) mu b C r s g);
    auto using line_projector, line_eigenspace, line_across]].
  exists D. intros k. eapply Rle_trans; [|apply Rate]. right. apply norm_same. intros i Hi.
  unfold difference. f_equal.
  (* zeta = a v, with the sign of the projection *)
  set (a := dot n v zeta). set (y := dot n v (s 0%nat)).
  assert (Za : same n zeta (scale a v)).
  { intros j Hj. rewrite <- (Within j Hj). apply apply_line, Hj. }
  assert (NormZ : norm n zeta = Rabs a) by (rewrite (norm_same n _ _ Za), norm_scale, norm_unit; ring).
  assert (Close : Rabs (a - y) <= tail rho C r).
  { eapply Rle_trans; [|exact Near]. right.
    rewrite (norm_same n _ (scale (a - y) v)).
    - rewrite norm_scale, norm_unit. ring.
    - intros j Hj. unfold difference. rewrite (Za j Hj), (apply_line _ j Hj). unfold scale, y. ring. }
  assert (Sign : a / Rabs a = sign y).
  { fold y in Ht. apply Rabs_le_between in Close. unfold Rabs in *. destruct (Rcase_abs y) as [Hy|Hy].
    - rewrite sign_eq_m1 by exact Hy. destruct (Rcase_abs a); [field; lra|lra].
    - assert (0 < a) by lra. rewrite sign_eq_1 by (destruct Hy; lra).
      destruct (Rcase_abs a); [lra|field; lra]. }
  unfold direction. rewrite NormZ. unfold scale. rewrite (Za i Hi). unfold scale. rewrite <- Sign.
  fold rho. unfold Rdiv. ring.
Qed.
End OneLine.

(** ** Two eigenspaces, on the boundary *)
Section TwoEigenspaces.
Variables (n : nat) (B Plus Minus : matrix) (rho b C r : R) (s g : nat -> vector).
Hypothesis B_symmetric : symmetric n B.
Hypothesis Plus_projector : projector n Plus.
Hypothesis Minus_projector : projector n Minus.
Hypothesis plus_eigenspace : forall u, same n (apply n B (apply n Plus u)) (scale rho (apply n Plus u)).
Hypothesis minus_eigenspace : forall u, same n (apply n B (apply n Minus u)) (scale (- rho) (apply n Minus u)).
Hypothesis B_across : forall z, same n (apply n Plus z) zero -> same n (apply n Minus z) zero ->
  norm n (apply n B z) <= b * norm n z.
Hypothesis rho_positive : 0 < rho.
Hypothesis b_dominated : 0 <= b < rho.
Hypothesis C_nonnegative : 0 <= C.
Hypothesis sigma_below_one : sigma_of rho C r < 1.
Hypothesis x_at_most_one : x_of rho C r <= 1.
Hypothesis starts_within : norm n (s 0%nat) <= r.
Hypothesis step : forall k, same n (s (S k)) (combination 1 (apply n B (s k)) 1 (g k)).
Hypothesis forcing : forall k, norm n (s k) <= r -> norm n (g k) <= C * norm n (s k) ^ 2.

Lemma eigenspaces_orthogonal u w : dot n (apply n Plus u) (apply n Minus w) = 0.
Proof.
  assert (E1 : dot n (apply n B (apply n Plus u)) (apply n Minus w) = rho * dot n (apply n Plus u) (apply n Minus w)).
  { rewrite (dot_same n _ _ _ _ (plus_eigenspace u) (fun i _ => eq_refl)). apply dot_scale_l. }
  assert (E2 : dot n (apply n B (apply n Plus u)) (apply n Minus w) = - rho * dot n (apply n Plus u) (apply n Minus w)).
  { rewrite (symmetric_form n B B_symmetric).
    rewrite (dot_same n _ _ _ _ (fun i _ => eq_refl) (minus_eigenspace w)). apply dot_scale_r. }
  apply Rmult_eq_reg_l with rho; lra.
Qed.

Lemma plus_of_minus u : same n (apply n Plus (apply n Minus u)) zero.
Proof.
  apply same_by_dots. intros w.
  rewrite <- (projector_symmetric n Plus Plus_projector), eigenspaces_orthogonal.
  rewrite dot_commutes, dot_zero_l; auto.
Qed.

Lemma minus_of_plus u : same n (apply n Minus (apply n Plus u)) zero.
Proof.
  apply same_by_dots. intros w.
  rewrite <- (projector_symmetric n Minus Minus_projector), dot_commutes, eigenspaces_orthogonal.
  rewrite dot_commutes, dot_zero_l; auto.
Qed.

Let Pi : matrix := fun i => combination 1 (Plus i) 1 (Minus i).
Let J : matrix := fun i => combination 1 (Plus i) (-1) (Minus i).

Lemma apply_Pi u i : apply n Pi u i = apply n Plus u i + apply n Minus u i.
Proof. unfold apply, Pi. rewrite dot_combination_l. ring. Qed.

Lemma apply_J_two u i : apply n J u i = apply n Plus u i - apply n Minus u i.
Proof. unfold apply, J. rewrite dot_combination_l. ring. Qed.

Lemma apply_Pi_same u : same n (apply n Pi u) (combination 1 (apply n Plus u) 1 (apply n Minus u)).
Proof. intros i _. rewrite apply_Pi. unfold combination. ring. Qed.

Lemma apply_J_two_same u : same n (apply n J u) (combination 1 (apply n Plus u) (-1) (apply n Minus u)).
Proof. intros i _. rewrite apply_J_two. unfold combination. ring. Qed.

(** Plus and Minus of a sum a Plus(u) + c Minus(u). *)
Lemma plus_of_sum u a c i : (i < n)%nat ->
  apply n Plus (combination a (apply n Plus u) c (apply n Minus u)) i = a * apply n Plus u i.
Proof.
  intros Hi. rewrite apply_combination, (plus_of_minus u i Hi).
  rewrite (projector_idempotent n Plus Plus_projector u i Hi). unfold zero. ring.
Qed.

Lemma minus_of_sum u a c i : (i < n)%nat ->
  apply n Minus (combination a (apply n Plus u) c (apply n Minus u)) i = c * apply n Minus u i.
Proof.
  intros Hi. rewrite apply_combination, (minus_of_plus u i Hi).
  rewrite (projector_idempotent n Minus Minus_projector u i Hi). unfold zero. ring.
Qed.

Lemma B_of_sum u a c i : (i < n)%nat ->
  apply n B (combination a (apply n Plus u) c (apply n Minus u)) i
  = rho * (a * apply n Plus u i - c * apply n Minus u i).
Proof.
  intros Hi. rewrite apply_combination, (plus_eigenspace u i Hi), (minus_eigenspace u i Hi).
  unfold scale. ring.
Qed.

Lemma norm_of_signs u : norm n (combination 1 (apply n Plus u) (-1) (apply n Minus u))
                        = norm n (combination 1 (apply n Plus u) 1 (apply n Minus u)).
Proof. unfold norm. f_equal. expand_dots. rewrite (dot_commutes n (apply n Minus u) (apply n Plus u)), eigenspaces_orthogonal. ring. Qed.

Lemma both_projector : projector n Pi.
Proof.
  split.
  - intros u w.
    rewrite (dot_same n _ _ w w (apply_Pi_same u) (fun i _ => eq_refl)).
    rewrite (dot_same n u u _ _ (fun i _ => eq_refl) (apply_Pi_same w)).
    expand_dots. rewrite (projector_symmetric n Plus Plus_projector), (projector_symmetric n Minus Minus_projector). reflexivity.
  - intros u i Hi. rewrite (apply_same n Pi _ _ (apply_Pi_same u)), apply_Pi, apply_Pi.
    rewrite plus_of_sum, minus_of_sum by exact Hi. ring.
Qed.

Lemma both_commute u : same n (apply n Pi (apply n B u)) (apply n B (apply n Pi u)).
Proof.
  intros i Hi. rewrite apply_Pi.
  rewrite (projector_after_B n B Plus rho B_symmetric Plus_projector plus_eigenspace u i Hi).
  rewrite (projector_after_B n B Minus (- rho) B_symmetric Minus_projector minus_eigenspace u i Hi).
  rewrite (apply_same n B _ _ (apply_Pi_same u)), B_of_sum by exact Hi. unfold scale. ring.
Qed.

Lemma both_isometry u : norm n (apply n B (apply n Pi u)) = rho * norm n (apply n Pi u).
Proof.
  rewrite (norm_same n (apply n B (apply n Pi u)) (scale rho (combination 1 (apply n Plus u) (-1) (apply n Minus u)))).
  - rewrite norm_scale, norm_of_signs, Rabs_pos_eq by lra. f_equal. apply norm_same, same_sym, apply_Pi_same.
  - intros i Hi. rewrite (apply_same n B _ _ (apply_Pi_same u)), B_of_sum by exact Hi.
    unfold scale, combination. ring.
Qed.

Lemma both_across z : same n (apply n Pi z) zero -> norm n (apply n B z) <= b * norm n z.
Proof.
  intros H. apply B_across; intros i Hi.
  - assert (E : apply n Plus (apply n Pi z) i = apply n Plus z i).
    { rewrite (apply_same n Plus _ _ (apply_Pi_same z)), plus_of_sum by exact Hi. ring. }
    rewrite <- E, (apply_same n Plus _ _ H). unfold apply. rewrite dot_commutes. apply dot_zero_l. auto.
  - assert (E : apply n Minus (apply n Pi z) i = apply n Minus z i).
    { rewrite (apply_same n Minus _ _ (apply_Pi_same z)), minus_of_sum by exact Hi. ring. }
    rewrite <- E, (apply_same n Minus _ _ H). unfold apply. rewrite dot_commutes. apply dot_zero_l. auto.
Qed.

Lemma both_J_within u : same n (apply n Pi (apply n J u)) (apply n J u).
Proof.
  intros i Hi. rewrite (apply_same n Pi _ _ (apply_J_two_same u)), apply_Pi, apply_J_two.
  rewrite plus_of_sum, minus_of_sum by exact Hi. ring.
Qed.

Lemma both_J_shrinks u : norm n (apply n J u) <= norm n u.
Proof.
  rewrite (norm_same n _ _ (apply_J_two_same u)), norm_of_signs, <- (norm_same n _ _ (apply_Pi_same u)).
  apply projector_shrinks, both_projector.
Qed.

Lemma both_J_after_B u : same n (apply n J (apply n B (apply n Pi u))) (scale rho (apply n Pi u)).
Proof.
  intros i Hi.
  assert (E : same n (apply n B (apply n Pi u)) (combination rho (apply n Plus u) (- rho) (apply n Minus u))).
  { intros j Hj. rewrite (apply_same n B _ _ (apply_Pi_same u)), B_of_sum by exact Hj. unfold combination. ring. }
  rewrite (apply_same n J _ _ E), apply_J_two, plus_of_sum, minus_of_sum by exact Hi.
  unfold scale. rewrite apply_Pi. ring.
Qed.

Lemma both_B_after_J u : same n (apply n B (apply n J u)) (scale rho (apply n Pi u)).
Proof.
  intros i Hi. rewrite (apply_same n B _ _ (apply_J_two_same u)), B_of_sum by exact Hi.
  unfold scale. rewrite apply_Pi. ring.
Qed.

Lemma both_power zeta k : same n (apply n Pi zeta) zeta ->
  same n (power n B k zeta)
         (scale (rho ^ k) (combination 1 (apply n Plus zeta) ((-1) ^ k) (apply n Minus zeta))).
Proof.
  intros H. induction k as [|k IH]; simpl.
  - intros i Hi. rewrite <- (H i Hi), apply_Pi. unfold scale, combination. ring.
  - intros i Hi. rewrite (apply_same n B _ _ IH), apply_scale, B_of_sum by exact Hi.
    unfold scale, combination. ring.
Qed.

(** Even and odd steps have two different limits: there is no direction. *)
Theorem two_cycle :
  tail rho C r < norm n (apply n Plus (s 0%nat)) -> tail rho C r < norm n (apply n Minus (s 0%nat)) ->
  exists plus minus D,
    same n (apply n Plus plus) plus /\ norm n (difference plus (apply n Plus (s 0%nat))) <= tail rho C r /\
    same n (apply n Minus minus) minus /\ norm n (difference minus (apply n Minus (s 0%nat))) <= tail rho C r /\
    0 < norm n plus /\ 0 < norm n minus /\
    (forall k, norm n (difference (direction n (s k)) (direction n (combination 1 plus ((-1) ^ k) minus)))
               <= D * ((1 + INR k) * rate rho b ^ k)) /\
    0 < norm n (difference (direction n (combination 1 plus 1 minus)) (direction n (combination 1 plus (-1) minus))).
Proof.
  intros Tp Tm.
  assert (Both : tail rho C r < norm n (apply n Pi (s 0%nat))).
  { eapply Rlt_le_trans; [exact Tp|].
    rewrite (norm_same n (apply n Plus (s 0%nat)) (apply n Plus (apply n Pi (s 0%nat)))).
    - apply projector_shrinks, Plus_projector.
    - intros i Hi. rewrite (apply_same n Plus _ _ (apply_Pi_same _)), plus_of_sum by exact Hi. ring. }
  destruct (direction_settled n B Pi J rho b C r s g) as (zeta & Within & Near & Positive & Rate & Eventually);
    auto using both_projector, both_commute, both_isometry, both_across, both_J_within, both_J_shrinks,
      both_J_after_B, both_B_after_J.
  (* each part of zeta is as near as zeta *)
  assert (NearPlus : norm n (difference (apply n Plus zeta) (apply n Plus (s 0%nat))) <= tail rho C r).
  { eapply Rle_trans; [|exact Near].
    rewrite (norm_same n _ (apply n Plus (difference zeta (apply n Pi (s 0%nat))))).
    - apply projector_shrinks, Plus_projector.
    - intros i Hi. rewrite apply_difference. unfold difference. f_equal.
      rewrite (apply_same n Plus _ _ (apply_Pi_same _)), plus_of_sum by exact Hi. ring. }
  assert (NearMinus : norm n (difference (apply n Minus zeta) (apply n Minus (s 0%nat))) <= tail rho C r).
  { eapply Rle_trans; [|exact Near].
    rewrite (norm_same n _ (apply n Minus (difference zeta (apply n Pi (s 0%nat))))).
    - apply projector_shrinks, Minus_projector.
    - intros i Hi. rewrite apply_difference. unfold difference. f_equal.
      rewrite (apply_same n Minus _ _ (apply_Pi_same _)), minus_of_sum by exact Hi. ring. }
  assert (PositivePlus : 0 < norm n (apply n Plus zeta)).
  { assert (H := norm_reverse n (apply n Plus (s 0%nat)) (apply n Plus zeta)).
    rewrite norm_difference_commutes in H. lra. }
  assert (PositiveMinus : 0 < norm n (apply n Minus zeta)).
  { assert (H := norm_reverse n (apply n Minus (s 0%nat)) (apply n Minus zeta)).
    rewrite norm_difference_commutes in H. lra. }
  assert (Whole : same n zeta (combination 1 (apply n Plus zeta) 1 (apply n Minus zeta))).
  { intros i Hi. rewrite <- (Within i Hi) at 1. apply apply_Pi_same, Hi. }
  exists (apply n Plus zeta), (apply n Minus zeta). eexists.
  split; [apply projector_idempotent, Plus_projector|]. split; [exact NearPlus|].
  split; [apply projector_idempotent, Minus_projector|]. split; [exact NearMinus|].
  split; [exact PositivePlus|]. split; [exact PositiveMinus|].
  split.
  - intros k. eapply Rle_trans; [|apply Rate]. right. apply norm_same. intros i Hi.
    unfold difference. f_equal. unfold direction.
    rewrite (norm_same n _ _ (both_power zeta k Within)), norm_scale.
    unfold scale. rewrite (both_power zeta k Within i Hi). unfold scale.
    assert (Hk : 0 < rho ^ k) by (apply pow_lt; exact rho_positive).
    rewrite Rabs_pos_eq by lra.
    set (u := combination 1 (apply n Plus zeta) ((-1) ^ k) (apply n Minus zeta)).
    assert (Hu : 0 < norm n u).
    { assert (E : norm n u = norm n zeta).
      { rewrite (norm_same n _ _ Whole). unfold u.
        assert (S : (-1) ^ k = 1 \/ (-1) ^ k = -1)
          by (clear; induction k as [|k [IH|IH]]; simpl; rewrite ?IH; lra).
        destruct S as [-> | ->]; [reflexivity|apply norm_of_signs]. }
      rewrite E. exact Positive. }
    field. lra.
  - (* equal norms, so equal directions would make the minus part vanish *)
    unfold direction. rewrite norm_of_signs, <- (norm_same n _ _ Whole).
    rewrite (norm_same n _ (scale (2 / norm n zeta) (apply n Minus zeta))).
    + rewrite norm_scale. apply Rmult_lt_0_compat; [|exact PositiveMinus].
      apply Rabs_pos_lt. assert (0 < 2 / norm n zeta) by (apply Rdiv_lt_0_compat; lra). lra.
    + intros i _. unfold difference, scale, combination. field. lra.
Qed.
End TwoEigenspaces.

(** ** B known in a ball

    If only enclosures of rho, of b and of the projector are known, their unfavourable ends decide. *)
Section Enclosed.
Variables (n : nat) (B Pi Near : matrix) (mu b C r lowest_rho highest_rho highest_b delta : R) (s g : nat -> vector).
Let rho := Rabs mu.
Hypothesis B_symmetric : symmetric n B.
Hypothesis Pi_projector : projector n Pi.
Hypothesis eigenspace : forall u, same n (apply n B (apply n Pi u)) (scale mu (apply n Pi u)).
Hypothesis B_across : forall z, same n (apply n Pi z) zero -> norm n (apply n B z) <= b * norm n z.
Hypothesis rho_enclosed : 0 < lowest_rho <= rho /\ rho <= highest_rho < 1.
Hypothesis b_enclosed : 0 <= b <= highest_b /\ highest_b < lowest_rho.
Hypothesis projector_enclosed : forall u, norm n (difference (apply n Pi u) (apply n Near u)) <= delta * norm n u.
Hypothesis C_nonnegative : 0 <= C.
Hypothesis starts_within : norm n (s 0%nat) <= r.
Hypothesis step : forall k, same n (s (S k)) (combination 1 (apply n B (s k)) 1 (g k)).
Hypothesis forcing : forall k, norm n (s k) <= r -> norm n (g k) <= C * norm n (s k) ^ 2.

Let highest_sigma := highest_rho + C * r.
Let highest_x := C * r / (lowest_rho * (1 - highest_sigma)).
Let highest_P := 1 + highest_x + highest_x ^ 2.
Let highest_tail := C * highest_P ^ 2 * r ^ 2 / (lowest_rho * (1 - highest_rho)).

Theorem direction_in_a_ball :
  highest_sigma < 1 -> highest_x <= 1 -> highest_tail < norm n (apply n Near (s 0%nat)) - delta * norm n (s 0%nat) ->
  exists zeta D,
    same n (apply n Pi zeta) zeta /\ norm n (difference zeta (apply n Pi (s 0%nat))) <= highest_tail /\ 0 < norm n zeta /\
    (forall k, norm n (difference (direction n (s k)) (scale ((mu / rho) ^ k) (direction n zeta)))
               <= D * ((1 + INR k) * rate rho b ^ k)) /\
    (exists k0, forall k, (k0 <= k)%nat -> 0 < norm n (s k)).
Proof.
  intros Hsigma Hx Ht. destruct rho_enclosed as [R1 R2]. destruct b_enclosed as [B1 B2].
  assert (Hr : 0 <= r) by (eapply Rle_trans; [apply norm_nonneg|exact starts_within]).
  assert (HCr : 0 <= C * r) by (apply Rmult_le_pos; assumption).
  assert (S : sigma_of rho C r <= highest_sigma) by (unfold sigma_of, highest_sigma; lra).
  (* a smaller denominator makes a larger quotient *)
  assert (Quotient : forall a d e, 0 <= a -> 0 < d <= e -> a / e <= a / d).
  { intros a d e Ha Hd. unfold Rdiv. apply Rmult_le_compat_l; [exact Ha|]. apply Rinv_le_contravar; lra. }
  assert (X : x_of rho C r <= highest_x).
  { unfold x_of, highest_x. apply Quotient; [exact HCr|]. split; [apply Rmult_lt_0_compat; lra|].
    apply Rmult_le_compat; lra. }
  assert (X0 : 0 <= x_of rho C r).
  { unfold x_of. apply Rdiv_le_0_compat; [exact HCr|apply Rmult_lt_0_compat; lra]. }
  assert (P : 0 <= P_of rho C r <= highest_P).
  { unfold P_of, highest_P. assert (x_of rho C r ^ 2 <= highest_x ^ 2) by (apply pow_incr; lra).
    assert (0 <= x_of rho C r ^ 2) by apply pow2_ge_0. lra. }
  assert (T : tail rho C r <= highest_tail).
  { unfold tail, highest_tail. apply Rle_trans with (C * P_of rho C r ^ 2 * r ^ 2 / (lowest_rho * (1 - highest_rho))).
    - apply Quotient; [apply Rmult_le_pos; [apply Rmult_le_pos; [assumption|]|]; apply pow2_ge_0|].
      split; [apply Rmult_lt_0_compat; lra|apply Rmult_le_compat; lra].
    - unfold Rdiv. apply Rmult_le_compat_r.
      + left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra.
      + apply Rmult_le_compat_r; [apply pow2_ge_0|]. apply Rmult_le_compat_l; [assumption|]. apply pow_incr. exact P. }
  assert (Amplitude : highest_tail < norm n (apply n Pi (s 0%nat))).
  { assert (N := norm_reverse n (apply n Near (s 0%nat)) (apply n Pi (s 0%nat))).
    assert (E := projector_enclosed (s 0%nat)). rewrite norm_difference_commutes in E. lra. }
  destruct (eigenspace_direction n B Pi mu b C r s g) as (zeta & D & Within & Close & Positive & Rate & Eventually);
    fold rho; auto; try lra.
  exists zeta, D. fold rho in Close, Rate. repeat split; auto. lra.
Qed.
End Enclosed.
